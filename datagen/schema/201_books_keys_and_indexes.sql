alter table books_publisher add constraint books_publisher_pkey primary key (id);
create index books_publisher_parent_id on books_publisher (parent_id);
create index books_publisher_updated_at on books_publisher (updated_at);

alter table books_author add constraint books_author_pkey primary key (id);
create index books_author_name on books_author (name);
create index books_author_updated_at on books_author (updated_at);

alter table books_genre add constraint books_genre_pkey primary key (id);
alter table books_genre add constraint books_genre_code_key unique (code);
create index books_genre_parent_id on books_genre (parent_id);
create index books_genre_updated_at on books_genre (updated_at);

alter table books_series add constraint books_series_pkey primary key (id);
create index books_series_updated_at on books_series (updated_at);

alter table books_work add constraint books_work_pkey primary key (id);
alter table books_work add constraint books_work_series_number_key unique (series_id, series_number);
create index books_work_updated_at on books_work (updated_at);

alter table books_book add constraint books_book_pkey primary key (id);
alter table books_book add constraint books_book_isbn13_key unique (isbn13);
create index books_book_work_id on books_book (work_id);
create index books_book_publisher_id on books_book (publisher_id);
create index books_book_genre_id on books_book (genre_id);
create index books_book_updated_at on books_book (updated_at);

alter table books_book_authors add constraint books_book_authors_pkey primary key (id);
alter table books_book_authors add constraint books_book_authors_author_key unique (book_id, author_id);
alter table books_book_authors add constraint books_book_authors_position_key unique (book_id, position);
create index books_book_authors_author_id on books_book_authors (author_id);
create index books_book_authors_updated_at on books_book_authors (updated_at);
