// ParseFlags: the command line of lbd.
//
// Every option of options.h is a flag; one that may have many values is given
// many times (--join also takes commas). Besides:
//   --config FILE   the options file; flags replace what it says
//   --check         check options and manifests, then exit
//   --help, --version
// Never exits and prints nothing: that is the caller's.
#ifndef LB_DAEMON_OPTIONS_FLAGS_H_
#define LB_DAEMON_OPTIONS_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/options/options.h"

namespace lb {

struct ParsedFlags {
  enum class Action { kRun, kCheck, kPrintText };

  Action action = Action::kRun;
  std::string text;       // kPrintText: what --help or --version prints.
  Options options;        // Defaults, then the file, then the flags.
  bool has_file = false;  // --config was given.
};

// `arguments` are those after the program's name. InvalidArgument: an unknown
// flag or a bad value, said so that a person can repair it; every fault of an
// options file is a line of its own.
absl::StatusOr<ParsedFlags> ParseFlags(absl::Span<const std::string> arguments);

}  // namespace lb

#endif  // LB_DAEMON_OPTIONS_FLAGS_H_
