"""Admission: the rules that decide whether a request is accepted, and the facts they read."""
