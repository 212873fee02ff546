drop table plan_compositions;
