"""What the moderators' commands share: who may use them, their channel, the audit log in words."""
