"""unasked.py against sequences of requests and lists."""
import unittest

from unasked import Judge, Requests


class UnaskedTest(unittest.TestCase):
    def setUp(self):
        self.requests = Requests()
        self.judge = Judge(self.requests)

    def ask(self):
        self.requests.begin("uid")
        self.requests.end("uid")

    def list(self, *addresses, wanted=None, meanwhile=lambda: None):
        """A list that says this; what had changed unasked."""
        self.judge.begin_list()
        meanwhile()
        return self.judge.judge("uid", list(addresses), wanted)

    def test_a_change_that_nothing_asked_for(self):
        self.assertIsNone(self.list())
        self.assertIsNone(self.list("a"))
        self.assertIsNone(self.list("a"))
        self.assertEqual(self.list("b"), ["a"])
        self.assertEqual(self.list(), ["b"])
        self.assertIsNone(self.list("c"))

    def test_a_change_after_a_request(self):
        self.list("a")
        self.ask()
        self.assertIsNone(self.list("b"))
        self.assertEqual(self.list("c"), ["b"])

    # A list that takes long: the request comes and is met before the server
    # makes the list. This was taken for a change unasked.
    def test_a_request_while_a_list_is_under_way(self):
        self.list("a")
        self.assertIsNone(self.list("b", wanted="b", meanwhile=self.ask))
        # The list may have been made before that, so it may change yet.
        self.assertIsNone(self.list("c"))
        self.assertEqual(self.list("d"), ["c"])

    # The list begins while the request is on its way.
    def test_a_request_that_a_list_has_not_yet(self):
        self.list("a")
        self.requests.begin("uid")
        self.assertIsNone(self.list("a"))
        self.requests.end("uid")
        self.assertIsNone(self.list("b"))
        self.assertEqual(self.list("c"), ["b"])

    # An earlier request is met, and a later one is on its way.
    def test_two_requests(self):
        self.list("a")
        self.ask()
        self.assertIsNone(
            self.list("b", meanwhile=lambda: self.requests.begin("uid")))
        self.requests.end("uid")
        self.assertIsNone(self.list("c"))
        self.assertEqual(self.list("d"), ["c"])

    def test_an_address_that_another_has_comes_later(self):
        self.list("a")
        self.ask()
        self.assertIsNone(self.list("a", wanted="b"))
        self.assertIsNone(self.list("a", wanted="b"))
        self.assertIsNone(self.list("b", wanted="b"))
        self.assertEqual(self.list("a", wanted="b"), ["b"])

    def test_a_wish_that_is_withdrawn_allows_nothing_more(self):
        self.list("a")
        self.ask()
        self.list("a", wanted="b")
        self.ask()
        self.assertIsNone(self.list("a"))
        self.assertEqual(self.list("b"), ["a"])

    # The server died, and the request is in its queue or that of a link.
    def test_a_request_without_an_answer(self):
        self.list("a")
        self.requests.begin("uid")
        self.list("a")
        self.ask()
        self.list("a")
        self.assertIsNone(self.list("b"))
        self.assertEqual(self.requests.unanswered(), 1)
        self.judge.begin_list()
        self.assertIsNone(self.judge.judge("another", ["b"], None))
        self.judge.begin_list()
        self.assertEqual(self.judge.judge("another", ["c"], None), ["b"])


if __name__ == "__main__":
    unittest.main()
