"""方法公开: the public pages of the methods, and new versions at run time: draft, what-if, approval by a second person."""
