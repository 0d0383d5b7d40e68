create trigger books_publisher_touch_updated_at before update on books_publisher
    for each row execute function etl_touch_updated_at();

create trigger books_author_touch_updated_at before update on books_author
    for each row execute function etl_touch_updated_at();

create trigger books_genre_touch_updated_at before update on books_genre
    for each row execute function etl_touch_updated_at();

create trigger books_series_touch_updated_at before update on books_series
    for each row execute function etl_touch_updated_at();

create trigger books_work_touch_updated_at before update on books_work
    for each row execute function etl_touch_updated_at();

create trigger books_book_touch_updated_at before update on books_book
    for each row execute function etl_touch_updated_at();

create trigger books_book_authors_touch_updated_at before update on books_book_authors
    for each row execute function etl_touch_updated_at();

create trigger sales_region_touch_updated_at before update on sales_region
    for each row execute function etl_touch_updated_at();

create trigger sales_channel_touch_updated_at before update on sales_channel
    for each row execute function etl_touch_updated_at();

create trigger sales_store_touch_updated_at before update on sales_store
    for each row execute function etl_touch_updated_at();

create trigger sales_customer_touch_updated_at before update on sales_customer
    for each row execute function etl_touch_updated_at();

create trigger sales_promotion_touch_updated_at before update on sales_promotion
    for each row execute function etl_touch_updated_at();

create trigger sales_exchange_rate_touch_updated_at before update on sales_exchange_rate
    for each row execute function etl_touch_updated_at();

create trigger sales_sale_touch_updated_at before update on sales_sale
    for each row execute function etl_touch_updated_at();

create trigger etl_tombstone_touch_updated_at before update on etl_tombstone
    for each row execute function etl_touch_updated_at();
