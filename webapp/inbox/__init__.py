"""The inbox 消息: notices to one member, and announcements to everybody."""
