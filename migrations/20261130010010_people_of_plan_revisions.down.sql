drop index plan_revisions_actor;
