import unittest

from shop.prices import discounted, rounded


class Prices(unittest.TestCase):
    def test_rounding(self):
        self.assertEqual([rounded(n) for n in (0, 12, 13, 999)], [0, 10, 15, 1000])

    def test_discounts(self):
        self.assertEqual(discounted(1000, 15), 850)
        self.assertEqual(discounted(1000, 100), 0)

    def test_senseless_discount(self):
        with self.assertRaises(ValueError):
            discounted(1000, 150)
