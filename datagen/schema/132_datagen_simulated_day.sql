-- grain: one row per business day that the change simulator added to the shop; absent in older shops until the first
create table if not exists datagen_simulated_day (
    day date primary key,
    seed bigint not null,
    row_counts jsonb not null,
    simulated_at timestamptz not null default now()
);
