#include "daemon/lbctl/format.h"

#include <exception>

#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "yaml-cpp/yaml.h"

namespace lb::lbctl {
namespace {

// JSON is YAML, so the reader knows it; a quoted text has the tag "!".
void Emit(const YAML::Node& node, YAML::Emitter* out) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      *out << YAML::BeginMap;
      for (const auto& field : node) {
        *out << YAML::Key << field.first.Scalar() << YAML::Value;
        Emit(field.second, out);
      }
      *out << YAML::EndMap;
      break;
    case YAML::NodeType::Sequence:
      *out << YAML::BeginSeq;
      for (const YAML::Node& item : node) Emit(item, out);
      *out << YAML::EndSeq;
      break;
    case YAML::NodeType::Scalar:
      // Quoted, so that no text is taken for a number or a date.
      if (node.Tag() == "!") *out << YAML::DoubleQuoted;
      *out << node.Scalar();
      break;
    default:
      *out << YAML::Null;
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message, Layout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == Layout::kIndented;
  std::string json;
  const auto converted =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!converted.ok()) return converted.ToString() + "\n";
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

std::string ToYaml(const google::protobuf::Message& message) {
  try {
    YAML::Emitter out;
    out << YAML::BeginDoc;
    Emit(YAML::Load(ToJson(message, Layout::kOneLine)), &out);
    return std::string(out.c_str()) + "\n";
  } catch (const std::exception& error) {  // yaml-cpp's; none is known.
    return std::string("# ") + error.what() + "\n";
  }
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime(
      "%Y-%m-%d %H:%M:%E3S",
      absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
      absl::LocalTimeZone());
}

}  // namespace lb::lbctl
