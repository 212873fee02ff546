drop index roster_changes_actor, roster_changes_fields;
