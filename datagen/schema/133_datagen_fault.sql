-- grain: one row per row of the shop that was damaged when it was generated: the answer key
create table datagen_fault (
    table_name varchar(63) not null,
    row_key bigint not null,
    fault varchar(60) not null,
    column_name varchar(63) not null,
    before text not null,
    after text not null,
    primary key (table_name, row_key)
);
