// The file of options: one YAML map, read by the list of all options.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/options/options.h"
#include "fmt/format.h"
#include "lb/config/fields.h"
#include "lb/config/text_file.h"
#include "lb/config/yaml_tree.h"

namespace lb {
namespace {

constexpr size_t kOptionsBytesMax = 1 << 20;

void ReadOption(const OptionSpec& spec, const config::Fields& fields,
                Options* options) {
  const config::YamlNode* const node = fields.Find(spec.name);
  if (node == nullptr) return;
  std::vector<std::string> values;
  if (node->kind == config::YamlNode::Kind::kSequence && spec.repeated) {
    values = fields.Texts(spec.name);
    if (values.size() != node->children.size()) return;  // Reported.
  } else if (node->kind == config::YamlNode::Kind::kScalar) {
    values = {node->text};
  } else {
    fields.Refuse(spec.name,
                  fmt::format("{}, want a text{}", config::Describe(*node),
                              spec.repeated ? " or a list of texts" : ""));
    return;
  }
  const absl::Status status = spec.set(values, options);
  if (!status.ok()) fields.Refuse(spec.name, std::string(status.message()));
}

void ReadOptions(const config::YamlNode& root, config::Report* report,
                 Options* options) {
  if (root.kind == config::YamlNode::Kind::kNull) return;
  if (root.kind != config::YamlNode::Kind::kMap) {
    report->Refuse(
        root.line, "",
        fmt::format("{}, want a map of options", config::Describe(root)));
    return;
  }
  const config::Fields fields(root, "", report);
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : AllOptions()) {
    names.push_back(spec.name);
    ReadOption(spec, fields, options);
  }
  fields.RefuseUnknown(names);
}

}  // namespace

std::vector<config::Problem> ParseOptionsFile(std::string_view file,
                                              std::string_view text,
                                              Options* options) {
  config::Report report({std::string(file), 0}, "options");
  int documents = 0;
  const std::optional<config::YamlError> error =
      config::ForEachYamlDocument(text, [&](const config::YamlNode& root) {
        if (++documents == 1) return ReadOptions(root, &report, options);
        if (root.kind == config::YamlNode::Kind::kNull) return;
        report.Refuse(root.line, "", "a second document, want one");
      });
  std::vector<config::Problem> problems = report.problems();
  if (error) {
    problems.push_back(
        {{std::string(file), error->line}, "yaml", "", error->message});
  }
  return problems;
}

std::vector<config::Problem> LoadOptionsFile(const std::string& path,
                                             Options* options) {
  const absl::StatusOr<std::string> text =
      config::ReadTextFile(path, kOptionsBytesMax);
  if (text.ok()) return ParseOptionsFile(path, *text, options);
  return {{{path, 0}, "options", "", std::string(text.status().message())}};
}

}  // namespace lb
