"""Monitoring: health, alerts, and the HTTP server that shows them and the metrics."""
