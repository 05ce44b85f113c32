// History alone: an address moves from one node to another and back.
//
//   bazel run //examples:history
#include "lb/history/history.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace {

using lb::history::History;
using lb::history::HistoryEnd;

void Print(const History& history) {
  for (const auto& [number, entry] : history.entries()) {
    const bool lasts = entry.end == HistoryEnd::kNone;
    std::printf("%s %s %s from %s %s\n", entry.service.c_str(),
                entry.address.ToString().c_str(), entry.node.c_str(),
                absl::FormatTime(entry.from, absl::UTCTimeZone()).c_str(),
                lasts ? "on"
                      : absl::StrCat(
                            "for ", absl::FormatDuration(entry.to - entry.from))
                            .c_str());
  }
}

}  // namespace

int main() {
  const auto vip = *lb::net::ParseIpAddress("192.0.2.10");
  const absl::Time start = absl::FromUnixSeconds(1'800'000'000);
  History history("n1");
  history.Observe(start,
                  {.seen = {{"demo/web", vip, "n1"}}, .live = {"n1", "n2"}});
  history.Observe(start + absl::Minutes(5),
                  {.seen = {{"demo/web", vip, "n2"}}, .live = {"n1", "n2"}});
  // n2 is not among the live nodes any more: its entry ends as kLost.
  history.Observe(start + absl::Minutes(7),
                  {.seen = {{"demo/web", vip, "n1"}}, .live = {"n1"}});
  Print(history);
  return history.entries().size() == 3 ? 0 : 1;
}
