from streamlit_app.sign_ins import IDLE_SECONDS, SignIns


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Person:
    """Somebody's client; it notes that it was signed out, and that it has no token any more."""

    is_signed_out = has_forgotten = False

    def forget(self):
        self.has_forgotten = True

    def sign_out(self):
        self.is_signed_out = True


def test_a_sign_in_is_found_by_its_id_and_by_no_other():
    ana, leo, sign_ins = Person(), Person(), SignIns()

    of_ana, of_leo = sign_ins.open(ana), sign_ins.open(leo)

    assert (sign_ins.find(of_ana), sign_ins.find(of_leo)) == (ana, leo)
    assert sign_ins.find("") is sign_ins.find(of_ana[:-1]) is None


def test_who_stays_away_for_too_long_is_forgotten_and_who_comes_back_in_time_is_not():
    clock = Clock()
    sign_ins = SignIns(clock=clock)
    key = sign_ins.open(Person())

    clock.now = IDLE_SECONDS
    assert sign_ins.find(key)
    clock.now = 2 * IDLE_SECONDS
    assert sign_ins.find(key)
    clock.now = 3 * IDLE_SECONDS + 1
    assert sign_ins.find(key) is None


def test_beyond_the_most_the_one_that_was_seen_longest_ago_goes():
    clock = Clock()
    sign_ins = SignIns(most=2, clock=clock)
    keys = []
    for clock.now in (1.0, 2.0, 3.0):
        keys.append(sign_ins.open(Person()))

    assert [sign_ins.find(key) is not None for key in keys] == [False, True, True]


def test_an_end_is_for_one_browser_and_at_the_api_too():
    ana, leo, sign_ins = Person(), Person(), SignIns()
    of_ana, of_leo = sign_ins.open(ana), sign_ins.open(leo)

    sign_ins.end(ana)

    assert ana.is_signed_out and ana.has_forgotten and not leo.is_signed_out and not leo.has_forgotten
    assert sign_ins.find(of_ana) is None and sign_ins.find(of_leo) is leo
