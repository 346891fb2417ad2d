"""What goes back to a community: scope, grants, masks, packages."""
