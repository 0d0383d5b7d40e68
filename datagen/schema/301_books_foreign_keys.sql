-- Deferrable, as Django makes them.
alter table books_publisher add constraint books_publisher_parent_id_fkey
    foreign key (parent_id) references books_publisher (id) deferrable initially deferred;

alter table books_genre add constraint books_genre_parent_id_fkey
    foreign key (parent_id) references books_genre (id) deferrable initially deferred;

alter table books_work add constraint books_work_series_id_fkey
    foreign key (series_id) references books_series (id) deferrable initially deferred;

alter table books_book add constraint books_book_work_id_fkey
    foreign key (work_id) references books_work (id) deferrable initially deferred;

alter table books_book add constraint books_book_publisher_id_fkey
    foreign key (publisher_id) references books_publisher (id) deferrable initially deferred;

alter table books_book add constraint books_book_genre_id_fkey
    foreign key (genre_id) references books_genre (id) deferrable initially deferred;

alter table books_book_authors add constraint books_book_authors_book_id_fkey
    foreign key (book_id) references books_book (id) deferrable initially deferred;

alter table books_book_authors add constraint books_book_authors_author_id_fkey
    foreign key (author_id) references books_author (id) deferrable initially deferred;
