#include "tests/sim/chaos/defect.h"

#include <array>

namespace lb::chaos {
namespace {

constexpr std::array<std::string_view, kDefects> kNames = {
    "none",
    "no-settling",
    "no-detection",
    "no-rejoining",
    "nobody-to-join",
    "other-policy",
    "endless-handover",

    "no-refuting",
    "foreseen-numbers",
    "no-gratuitous",
    "announced-once",
    "deaf-to-rivals",
    "forgotten-groups",
    "no-unicast-answers",
    "no-override",
    "stuck-filter",
    "wrong-mac",
    "lying-disk",
    "endless-writes",
    "stopped-clock",
    "later-stamp",
    "lost-manifests",
    "no-taking-back",
    "blind-to-own",
    "kept-ipv6",
    "every-key",
    "unheld-lease",
    "stale-list",
    "skipped-versions",
    "unlisted-is-deleted",
    "no-back-off",
    "no-limit",
    "unheld-marks",
    "deaf-probes",
    "unenforced-hold",
    "lost-withdrawals",
    "both-in-one",
    "empty-restart",
    "deaf-to-bfd",
    "frozen-links",
    "no-end-of-rib",
    "routers-next-hop",
    "early-withdrawal",
    "endless-drain",
    "deaf-to-refresh",
    "restless-timers",
    "forgotten-restart",
    "untold-loss"};

}  // namespace

std::string_view ToString(Defect defect) {
  return kNames[static_cast<int>(defect)];
}

std::optional<Defect> ParseDefect(std::string_view name) {
  for (int i = 0; i < kDefects; ++i) {
    if (kNames[i] == name) return static_cast<Defect>(i);
  }
  return std::nullopt;
}

}  // namespace lb::chaos
