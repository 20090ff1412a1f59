"""Policy: moderators' decisions as documents, their storage, and the audit log."""
