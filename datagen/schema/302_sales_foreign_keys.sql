-- Deferrable, as Django makes them.
alter table sales_region add constraint sales_region_parent_id_fkey
    foreign key (parent_id) references sales_region (id) deferrable initially deferred;

alter table sales_store add constraint sales_store_region_id_fkey
    foreign key (region_id) references sales_region (id) deferrable initially deferred;

alter table sales_store add constraint sales_store_channel_id_fkey
    foreign key (channel_id) references sales_channel (id) deferrable initially deferred;

alter table sales_customer add constraint sales_customer_region_id_fkey
    foreign key (region_id) references sales_region (id) deferrable initially deferred;

alter table sales_sale add constraint sales_sale_original_sale_id_fkey
    foreign key (original_sale_id) references sales_sale (id) deferrable initially deferred;

alter table sales_sale add constraint sales_sale_book_id_fkey
    foreign key (book_id) references books_book (id) deferrable initially deferred;

alter table sales_sale add constraint sales_sale_customer_id_fkey
    foreign key (customer_id) references sales_customer (id) deferrable initially deferred;

alter table sales_sale add constraint sales_sale_store_id_fkey
    foreign key (store_id) references sales_store (id) deferrable initially deferred;

alter table sales_sale add constraint sales_sale_promotion_id_fkey
    foreign key (promotion_id) references sales_promotion (id) deferrable initially deferred;
