"""What whoever runs the bot needs beside running it: the doctor, backups, files kept private and tidy."""
