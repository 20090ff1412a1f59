"""Cards: how a request stands, as text and as a message with its Cancel button."""
