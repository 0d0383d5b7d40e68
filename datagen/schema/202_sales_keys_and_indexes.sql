alter table sales_region add constraint sales_region_pkey primary key (id);
alter table sales_region add constraint sales_region_code_key unique (code);
create index sales_region_parent_id on sales_region (parent_id);
create index sales_region_updated_at on sales_region (updated_at);

alter table sales_channel add constraint sales_channel_pkey primary key (id);
alter table sales_channel add constraint sales_channel_code_key unique (code);
create index sales_channel_updated_at on sales_channel (updated_at);

alter table sales_store add constraint sales_store_pkey primary key (id);
alter table sales_store add constraint sales_store_code_key unique (code);
create index sales_store_region_id on sales_store (region_id);
create index sales_store_channel_id on sales_store (channel_id);
create index sales_store_updated_at on sales_store (updated_at);

alter table sales_customer add constraint sales_customer_pkey primary key (id);
create unique index sales_customer_email_key on sales_customer (lower(email));
create index sales_customer_region_id on sales_customer (region_id);
create index sales_customer_updated_at on sales_customer (updated_at);

alter table sales_promotion add constraint sales_promotion_pkey primary key (id);
alter table sales_promotion add constraint sales_promotion_code_key unique (code);
create index sales_promotion_updated_at on sales_promotion (updated_at);

alter table sales_exchange_rate add constraint sales_exchange_rate_pkey primary key (id);
alter table sales_exchange_rate add constraint sales_exchange_rate_day_key unique (rate_date, currency);
create index sales_exchange_rate_updated_at on sales_exchange_rate (updated_at);

alter table sales_sale add constraint sales_sale_pkey primary key (id);
alter table sales_sale add constraint sales_sale_order_line_key unique (order_id, line_number);
create index sales_sale_original_sale_id on sales_sale (original_sale_id) where original_sale_id is not null;
create index sales_sale_book_id on sales_sale (book_id);
create index sales_sale_customer_id on sales_sale (customer_id);
create index sales_sale_store_id on sales_sale (store_id);
create index sales_sale_promotion_id on sales_sale (promotion_id) where promotion_id is not null;
create index sales_sale_sold_at on sales_sale (sold_at);
create index sales_sale_updated_at on sales_sale (updated_at);
