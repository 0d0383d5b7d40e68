alter table etl_tombstone add constraint etl_tombstone_pkey primary key (id);
create index etl_tombstone_row on etl_tombstone (table_name, row_key);
create index etl_tombstone_deleted_at on etl_tombstone (deleted_at);
create index etl_tombstone_updated_at on etl_tombstone (updated_at);
