"""Parts of messages that several features share: buttons, forms, lists, pages."""
