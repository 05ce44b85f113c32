#include "daemon/options/options.h"

#include <string_view>

#include "lb/announce/interface.h"
#include "lb/base/check.h"

namespace lb {

std::string_view ToString(GossipProfile profile) {
  switch (profile) {
    case GossipProfile::kFast:
      return "fast";
    case GossipProfile::kTurbo:
      return "turbo";
    case GossipProfile::kLan:
      return "lan";
    case GossipProfile::kWan:
      return "wan";
    case GossipProfile::kLocal:
      return "local";
  }
  LB_UNREACHABLE();
}

std::string_view ToString(Deliver deliver) {
  return deliver == Deliver::kLoopback ? "loopback" : "none";
}

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  LB_UNREACHABLE();
}

std::string_view ToString(LogFormat format) {
  return format == LogFormat::kJson ? "json" : "text";
}

Options::Options()
    : exclude_interfaces(announce::InterfaceOptions::DefaultExclude()) {}

}  // namespace lb
