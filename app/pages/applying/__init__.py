"""Pages on which an application is written: its task list, its sections, and what they say."""
