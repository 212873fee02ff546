drop index plan_shares_maker;
