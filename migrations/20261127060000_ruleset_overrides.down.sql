drop table guild_ruleset_overrides;
