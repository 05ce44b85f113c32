#include "daemon/metrics/families.h"

#include <array>
#include <limits>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/metrics/testing/page_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/duration_histogram.h"
#include "prometheus/text_serializer.h"

namespace lb::metrics {
namespace {

using ::testing::ElementsAre;

inline constexpr std::array kBounds = {0.1, 1.0};

std::string PageOf(Families families) {
  return prometheus::TextSerializer().Serialize(std::move(families).Take());
}

TEST(FamiliesTest, StandInTheOrderInWhichTheyWereBegun) {
  Families families;
  families.Begin(kGauge, "lb_z", "Last by name.");
  families.Add(2);
  families.Begin(kCounter, "lb_a_total", "By label.");
  families.Add({{"to", "b"}, {"from", "a"}}, 1);
  families.Add({{"to", "a"}, {"from", "b"}}, 0);
  families.Begin(kUntyped, "metallb_b", "Without a type.");
  families.Add(-0.5);
  EXPECT_EQ(PageOf(std::move(families)),
            "# HELP lb_z Last by name.\n"
            "# TYPE lb_z gauge\n"
            "lb_z 2\n"
            "# HELP lb_a_total By label.\n"
            "# TYPE lb_a_total counter\n"
            "lb_a_total{to=\"b\",from=\"a\"} 1\n"
            "lb_a_total{to=\"a\",from=\"b\"} 0\n"
            "# HELP metallb_b Without a type.\n"
            "# TYPE metallb_b untyped\n"
            "metallb_b -0.5\n");
}

// Dashboards use the names, so a family without samples is on the page too.
TEST(FamiliesTest, OneWithoutSamplesHasItsHead) {
  Families families;
  families.Begin(kGauge, "lb_empty", "None.");
  EXPECT_EQ(PageOf(std::move(families)),
            "# HELP lb_empty None.\n"
            "# TYPE lb_empty gauge\n");
}

TEST(FamiliesTest, LabelsAreEscaped) {
  Families families;
  families.Begin(kGauge, "lb_a", "A.");
  families.Add({{"name", "a\"b\\c\nd"}}, 1);
  families.Add({{"name", "\xc3\xa4 }, {"}}, 1);
  families.Add({{"name", ""}}, 1);
  const std::string page = PageOf(std::move(families));
  EXPECT_EQ(page,
            "# HELP lb_a A.\n"
            "# TYPE lb_a gauge\n"
            "lb_a{name=\"a\\\"b\\\\c\\nd\"} 1\n"
            "lb_a{name=\"\xc3\xa4 }, {\"} 1\n"
            "lb_a{name=\"\"} 1\n");
  EXPECT_TRUE(ReadPage(page).ok()) << ReadPage(page).status();
}

TEST(FamiliesTest, LargeNumbersKeepTheirDigits) {
  Families families;
  families.Begin(kCounter, "lb_a_total", "A.");
  // Up to this number a double holds each whole number.
  families.Add(9007199254740992.0);
  EXPECT_EQ(PageOf(std::move(families)),
            "# HELP lb_a_total A.\n"
            "# TYPE lb_a_total counter\n"
            "lb_a_total 9007199254740992\n");
}

TEST(FamiliesTest, BucketsOfAHistogramCountAllUpToTheirBound) {
  DurationHistogram<kBounds> durations;
  durations.Add(absl::Milliseconds(50));
  durations.Add(absl::Milliseconds(100));  // On a bound: it counts below.
  durations.Add(absl::Milliseconds(500));
  durations.Add(absl::Seconds(3));
  Families families;
  families.Begin(kHistogram, "lb_a_seconds", "A.");
  families.Add(durations);
  families.Begin(kHistogram, "lb_b_seconds", "Nothing yet.");
  families.Add(DurationHistogram<kBounds>());
  EXPECT_EQ(PageOf(std::move(families)),
            "# HELP lb_a_seconds A.\n"
            "# TYPE lb_a_seconds histogram\n"
            "lb_a_seconds_count 4\n"
            "lb_a_seconds_sum 3.65\n"
            "lb_a_seconds_bucket{le=\"0.1\"} 2\n"
            "lb_a_seconds_bucket{le=\"1\"} 3\n"
            "lb_a_seconds_bucket{le=\"+Inf\"} 4\n"
            "# HELP lb_b_seconds Nothing yet.\n"
            "# TYPE lb_b_seconds histogram\n"
            "lb_b_seconds_count 0\n"
            "lb_b_seconds_sum 0\n"
            "lb_b_seconds_bucket{le=\"0.1\"} 0\n"
            "lb_b_seconds_bucket{le=\"1\"} 0\n"
            "lb_b_seconds_bucket{le=\"+Inf\"} 0\n");
}

// Other tests use this reader, so it must find faults.
TEST(ReadPageTest, RefusesWhatPrometheusRefuses) {
  const std::string head = "# HELP a A.\n# TYPE a counter\n";
  const std::pair<std::string, std::string> cases[] = {
      {"a 1\n", "line 1: no type"},
      {"# HELP a\n", "line 1: no help"},
      {"# HELP 1a A.\n", "line 1: not a name"},
      {"# TYPE a counter\n", "line 1: a type of another family"},
      {"# HELP a A.\n# TYPE a integer\n", "line 2: no such type"},
      {head + "# TYPE a gauge\n", "line 3: a second type"},
      {head + "# HELP a A.\n", "line 3: the family is there twice"},
      {head + "b 1\n", "line 3: a sample of another family"},
      {head + "a_sum 1\n", "line 3: a sample of another family"},
      {head + "a 1\na 2\n", "line 4: a sample twice"},
      {head + "a one\n", "line 3: not a number"},
      {head + "a\n", "line 3: no value"},
      {head + "a 1", "line 3: no end of the line"},
      {head + "a{b=\"c} 1\n", "line 3: a label's value without an end"},
      {head + "a{b=\"\\x1b\"} 1\n", "line 3: an escape that there is none of"},
      {head + "a{b=\"c\";d=\"e\"} 1\n",
       "line 3: what follows a label is no comma"},
      {head + "a{b=\"c\",b=\"d\"} 1\n", "line 3: a label twice"},
      {head + "a{b-c=\"d\"} 1\n", "line 3: not a label's name"},
      {head + "a{} 1\n", "line 3: a label without a value"},
  };
  for (const auto& [page, want] : cases) {
    EXPECT_EQ(ReadPage(page).status().message(), want) << page;
  }
}

TEST(ReadPageTest, ReadsFamiliesInTheirOrder) {
  const auto families = ReadPage(
      "# HELP b B is a b.\n# TYPE b histogram\n"
      "b_bucket{le=\"+Inf\"} 2\nb_count 2\nb_sum 0.5\n"
      "# HELP a A.\n# TYPE a gauge\na{x=\"1\",y=\"2\"} -3\n");
  ASSERT_TRUE(families.ok()) << families.status();
  ASSERT_EQ(families->size(), 2u);
  EXPECT_EQ((*families)[0].name, "b");
  EXPECT_EQ((*families)[0].help, "B is a b.");
  EXPECT_EQ((*families)[0].type, "histogram");
  EXPECT_THAT((*families)[0].samples,
              ElementsAre(std::pair("b_bucket{le=\"+Inf\"}", 2),
                          std::pair("b_count", 2), std::pair("b_sum", 0.5)));
  EXPECT_THAT((*families)[1].samples,
              ElementsAre(std::pair("a{x=\"1\",y=\"2\"}", -3)));
}

}  // namespace
}  // namespace lb::metrics
