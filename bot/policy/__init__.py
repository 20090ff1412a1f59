"""What moderators have decided: the documents, how they are stored, and the audit log."""
