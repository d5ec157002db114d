"""Pages around a panel: what is pleaded against it, and what a department says item by item."""
