"""What people see: the console's screens. Draws what operations and the store say, and starts operations as processes of
their own; it never touches the wire, MARC or a database itself."""
