#include "daemon/options/flags.h"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/nearest.h"
#include "lb/base/status_macros.h"
#include "lb/config/version.h"

namespace lb {
namespace {

// The command line, parsed but not judged.
struct Given {
  bool help = false;
  bool version = false;
  bool check = false;
  std::string config;
  std::map<std::string, std::vector<std::string>, std::less<>> options;
};

// ", did you mean --manifests?" for "--manifest=x"; "" if nothing is near.
std::string Suggestion(std::string_view argument) {
  const std::string_view given = argument.substr(0, argument.find('='));
  std::vector<std::string> names = {"--config", "--check", "--help",
                                    "--version"};
  for (const OptionSpec& spec : AllOptions()) {
    names.push_back(fmt::format("--{}", spec.name));
  }
  const std::string* best = nullptr;
  size_t best_distance = 3;  // More edits are no typing mistake.
  for (const std::string& name : names) {
    const size_t distance =
        given.size() > 4 && std::string_view(name).starts_with(given)
            ? 0
            : EditDistance(given, name);
    if (distance >= best_distance) continue;
    best = &name;
    best_distance = distance;
  }
  return best == nullptr ? "" : fmt::format(", did you mean {}?", *best);
}

// One flag of --help: its form, then its sentence, indented.
std::string HelpEntry(std::string_view form, std::string_view help) {
  return fmt::format("  {}\n        {}\n", form, help);
}

std::string HelpText() {
  std::string text =
      "Usage: lbd [FLAG]...\n\n"
      "Gives addresses to services and announces them on the network.\n\n";
  text += HelpEntry("-h, --help", "Print this text.");
  text += HelpEntry("--version", "Print the version.");
  text += HelpEntry(
      "--check", "Check options and manifests, then exit: 1 if any is wrong.");
  text += HelpEntry(
      "--config FILE",
      "YAML file of the options below by the same names; flags replace it.");
  text += "\nOptions:\n";
  const Options defaults;
  for (const OptionSpec& spec : AllOptions()) {
    std::string help(spec.help);
    if (spec.repeated) help += " May be given many times.";
    const std::string shown = spec.show(defaults);
    if (!shown.empty()) help += fmt::format("\n        [{}]", shown);
    text += HelpEntry(
        fmt::format("--{}{}{}", spec.name, spec.value_name.empty() ? "" : " ",
                    spec.value_name),
        help);
  }
  return text;
}

void AddFlags(CLI::App* app, Given* given) {
  app->set_help_flag();
  app->add_flag("-h,--help", given->help);
  app->add_flag("--version", given->version);
  app->add_flag("--check", given->check);
  app->add_option("--config", given->config);
  for (const OptionSpec& spec : AllOptions()) {
    const std::string flag = fmt::format("--{}", spec.name);
    std::vector<std::string>& values = given->options[std::string(spec.name)];
    if (spec.value_name.empty()) {
      app->add_flag_function(flag, [&values](int64_t count) {
        values = {count > 0 ? "true" : "false"};
      });
    } else {
      app->add_option(flag, values)->allow_extra_args(false);
    }
  }
}

// The flag's name if it needs no value. It may have one nevertheless:
// --check=true.
std::optional<std::string_view> FlagWithoutValue(std::string_view argument) {
  for (const std::string_view name : {"check", "help", "version"}) {
    if (argument == name) return name;
  }
  for (const OptionSpec& spec : AllOptions()) {
    if (spec.value_name.empty() && argument == spec.name) return spec.name;
  }
  return std::nullopt;
}

// CLI11 would take numbers and other words, or complain of its own code.
absl::Status CheckFlagValues(absl::Span<const std::string> arguments) {
  for (const std::string_view argument : arguments) {
    const size_t equals = argument.find('=');
    if (!argument.starts_with("--") || equals == std::string_view::npos) {
      continue;
    }
    const auto flag = FlagWithoutValue(argument.substr(2, equals - 2));
    const std::string_view value = argument.substr(equals + 1);
    if (!flag || value == "true" || value == "false") continue;
    return absl::InvalidArgumentError(
        fmt::format("--{}: \"{}\", want true or false{}", *flag, value,
                    DidYouMean(value, {"true", "false"})));
  }
  return absl::OkStatus();
}

// CLI11 says "--node-name: 1 required TEXT missing".
std::string MissingValue(std::string_view what) {
  const std::string_view flag = what.substr(0, what.find(':'));
  for (const OptionSpec& spec : AllOptions()) {
    if (flag.substr(std::min<size_t>(2, flag.size())) != spec.name) continue;
    return fmt::format("{}: no value, want {}", flag, spec.value_name);
  }
  return fmt::format("{}: no value, want FILE", flag);  // --config
}

// The only place that knows CLI11, which throws.
absl::Status Parse(absl::Span<const std::string> arguments, CLI::App* app,
                   Given* given) {
  LB_RETURN_IF_ERROR(CheckFlagValues(arguments));
  app->allow_extras();
  try {
    AddFlags(app, given);
    // CLI11 takes them off the back.
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    const std::vector<std::string> unknown = app->remaining();
    if (unknown.empty() || given->help) return absl::OkStatus();
    return absl::InvalidArgumentError(
        fmt::format("{}: unknown {}{} (--help lists all)", unknown.front(),
                    unknown.front().starts_with("-") ? "flag" : "argument",
                    Suggestion(unknown.front())));
  } catch (const CLI::ArgumentMismatch& error) {
    return absl::InvalidArgumentError(
        fmt::format("{} (--help lists all flags)", MissingValue(error.what())));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        fmt::format("{} (--help lists all flags)", error.what()));
  }
}

absl::Status ApplyFile(const std::string& path, Options* options) {
  if (path.empty()) return absl::OkStatus();
  std::string lines;
  for (const config::Problem& problem : LoadOptionsFile(path, options)) {
    if (!lines.empty()) lines += "\n";
    lines += problem.ToString();
  }
  if (lines.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(lines);
}

absl::Status ApplyFlags(const Given& given, Options* options) {
  for (const OptionSpec& spec : AllOptions()) {
    const std::vector<std::string>& values =
        given.options.find(spec.name)->second;
    if (values.empty()) continue;
    if (!spec.repeated && values.size() > 1) {
      return absl::InvalidArgumentError(fmt::format(
          "--{}: given {} times, want it once", spec.name, values.size()));
    }
    const absl::Status status = spec.set(values, options);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("--{}: {}", spec.name, std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ParsedFlags> ParseFlags(
    absl::Span<const std::string> arguments) {
  CLI::App app;
  Given given;
  LB_RETURN_IF_ERROR(Parse(arguments, &app, &given));
  ParsedFlags parsed;
  if (given.help || given.version) {
    parsed.action = ParsedFlags::Action::kPrintText;
    parsed.text =
        given.help ? HelpText() : fmt::format("lbd {}\n", config::kVersion);
    return parsed;
  }
  if (given.check) parsed.action = ParsedFlags::Action::kCheck;
  parsed.has_file = !given.config.empty();
  LB_RETURN_IF_ERROR(ApplyFile(given.config, &parsed.options));
  LB_RETURN_IF_ERROR(ApplyFlags(given, &parsed.options));
  LB_RETURN_IF_ERROR(Validate(parsed.options));
  return parsed;
}

}  // namespace lb
