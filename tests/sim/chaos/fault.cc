#include "tests/sim/chaos/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "lb/base/status_macros.h"

namespace lb::chaos {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kNames = {
    "loss",           "delay",         "duplicate",       "cut-one-way",
    "cut-gossip",     "cut-segment",   "cut-both",        "crash",
    "kill",           "wipe",          "power-cut",       "pause",
    "clock-jump",     "clock-drift",   "unplug",          "add-service",
    "remove-service", "add-pool",      "broken-manifest", "stale-manifest",
    "disk-full",      "disk-slow",     "name-twin",       "thief",
    "malformed",      "drain",         "new-address",     "host-address",
    "lose-ipv6",      "other-key",     "outsider",        "replay",
    "api-cut",        "api-restart",   "api-errors",      "api-compact",
    "api-lag",        "api-restore",   "api-change",      "stop",
    "router-kill",    "router-crash",  "router-pause",    "router-cut",
    "router-deaf",    "router-notify", "router-reset",    "router-slow",
    "refresh",        "objects"};

std::optional<FaultKind> KindOf(std::string_view name) {
  for (int i = 0; i < kFaultKinds; ++i) {
    if (kNames[i] == name) return static_cast<FaultKind>(i);
  }
  return std::nullopt;
}

absl::StatusOr<Fault> ParseFault(std::string_view text) {
  const auto refuse = [&](std::string_view want) {
    return absl::InvalidArgumentError(
        fmt::format("fault \"{}\": want {}", text, want));
  };
  const std::vector<std::string> fields =
      absl::StrSplit(std::string(text), ':');
  if (fields.size() != 6) {
    return refuse("START:KIND:NODE:OTHER:LENGTH:AMOUNT");
  }
  const auto kind = KindOf(fields[1]);
  if (!kind) return refuse("a known kind");
  int start = 0;
  int length = 0;
  Fault fault = {.kind = *kind};
  const bool are_numbers = absl::SimpleAtoi(fields[0], &start) &&
                           absl::SimpleAtoi(fields[2], &fault.node) &&
                           absl::SimpleAtoi(fields[3], &fault.other) &&
                           absl::SimpleAtoi(fields[4], &length) &&
                           absl::SimpleAtoi(fields[5], &fault.amount);
  if (!are_numbers || start < 0 || length < 0 || fault.node < 0 ||
      fault.other < 0) {
    return refuse("numbers");
  }
  fault.start = absl::Milliseconds(start);
  fault.length = absl::Milliseconds(length);
  return fault;
}

}  // namespace

std::string_view ToString(FaultKind kind) {
  return kNames[static_cast<int>(kind)];
}

bool IsStatic(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
    case FaultKind::kKill:
    case FaultKind::kWipe:
    case FaultKind::kPowerCut:
    case FaultKind::kPause:
    case FaultKind::kClockJump:
    case FaultKind::kClockDrift:
    case FaultKind::kBrokenManifest:
    case FaultKind::kAddService:
    case FaultKind::kAddPool:
    case FaultKind::kRemoveService:
    case FaultKind::kDrain:
    case FaultKind::kNewAddress:
    case FaultKind::kMalformed:
    case FaultKind::kLoseIpv6:
    case FaultKind::kOutsider:
      return true;
    default:
      return false;
  }
}

bool IsOfPaths(FaultKind kind) { return kind <= FaultKind::kCutBoth; }

bool HarmPaths(const Script& faults) {
  return std::any_of(faults.begin(), faults.end(), [](const Fault& fault) {
    return IsOfPaths(fault.kind) || fault.kind == FaultKind::kUnplug ||
           fault.kind == FaultKind::kPowerCut;
  });
}

bool HarmSegment(const Script& faults) {
  return std::any_of(faults.begin(), faults.end(), [](const Fault& fault) {
    const bool cuts = fault.kind <= FaultKind::kCutBoth &&
                      fault.kind != FaultKind::kCutGossip;
    return cuts || fault.kind == FaultKind::kUnplug;
  });
}

bool HarmGossip(const Script& faults) {
  return HarmPaths(faults) ||
         std::any_of(faults.begin(), faults.end(), [](const Fault& fault) {
           return fault.kind == FaultKind::kOtherKey;
         });
}

void PlayScript(const Script& script,
                absl::FunctionRef<bool(absl::Duration)> run_until,
                absl::FunctionRef<void(const Fault&)> begin,
                absl::FunctionRef<void(const Fault&)> end) {
  struct Step {
    const Fault* fault;
    bool begins;
  };
  std::multimap<absl::Duration, Step> steps;
  for (const Fault& fault : script) {
    steps.emplace(fault.start, Step{&fault, true});
    steps.emplace(fault.end(), Step{&fault, false});
  }
  for (const auto& [at, step] : steps) {
    if (!run_until(at)) return;
    step.begins ? begin(*step.fault) : end(*step.fault);
  }
}

std::string ToString(const Script& script) {
  std::string text;
  for (const Fault& fault : script) {
    text += fmt::format("{}{}:{}:{}:{}:{}:{}", text.empty() ? "" : ",",
                        absl::ToInt64Milliseconds(fault.start),
                        ToString(fault.kind), fault.node, fault.other,
                        absl::ToInt64Milliseconds(fault.length), fault.amount);
  }
  return text;
}

absl::StatusOr<Script> ParseScript(std::string_view text) {
  Script script;
  for (const std::string& part : std::vector<std::string>(
           absl::StrSplit(std::string(text), ',', absl::SkipEmpty()))) {
    LB_ASSIGN_OR_RETURN(const Fault fault, ParseFault(part));
    script.push_back(fault);
  }
  return script;
}

}  // namespace lb::chaos
