"""The common parts of the moderators' commands: permissions, their channel, the audit log in words."""
