-- grain: one row, which says that this database is a generated shop and may be wiped
create table datagen_shop_mark (
    is_shop boolean primary key default true check (is_shop),
    format_version integer not null,
    seed bigint not null,
    sales bigint not null,
    years integer not null,
    until date not null,
    anomalies integer not null default 0,
    faults double precision not null default 0,
    row_counts jsonb not null,
    generated_at timestamptz not null default now()
);
