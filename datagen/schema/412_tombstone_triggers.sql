create trigger books_publisher_record_tombstone after delete on books_publisher
    for each row execute function etl_record_tombstone();

create trigger books_author_record_tombstone after delete on books_author
    for each row execute function etl_record_tombstone();

create trigger books_genre_record_tombstone after delete on books_genre
    for each row execute function etl_record_tombstone();

create trigger books_series_record_tombstone after delete on books_series
    for each row execute function etl_record_tombstone();

create trigger books_work_record_tombstone after delete on books_work
    for each row execute function etl_record_tombstone();

create trigger books_book_record_tombstone after delete on books_book
    for each row execute function etl_record_tombstone();

create trigger books_book_authors_record_tombstone after delete on books_book_authors
    for each row execute function etl_record_tombstone();

create trigger sales_region_record_tombstone after delete on sales_region
    for each row execute function etl_record_tombstone();

create trigger sales_channel_record_tombstone after delete on sales_channel
    for each row execute function etl_record_tombstone();

create trigger sales_store_record_tombstone after delete on sales_store
    for each row execute function etl_record_tombstone();

create trigger sales_customer_record_tombstone after delete on sales_customer
    for each row execute function etl_record_tombstone();

create trigger sales_promotion_record_tombstone after delete on sales_promotion
    for each row execute function etl_record_tombstone();

create trigger sales_exchange_rate_record_tombstone after delete on sales_exchange_rate
    for each row execute function etl_record_tombstone();

create trigger sales_sale_record_tombstone after delete on sales_sale
    for each row execute function etl_record_tombstone();
