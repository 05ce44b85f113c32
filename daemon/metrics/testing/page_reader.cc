#include "daemon/metrics/testing/page_reader.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace lb::metrics {
namespace {

class Reader {
 public:
  // Reads one line. Empty: the line is good.
  std::string Take(std::string_view line) {
    if (line.starts_with("# HELP ")) return TakeHelp(line.substr(7));
    if (line.starts_with("# TYPE ")) return TakeType(line.substr(7));
    return TakeSample(line);
  }
  std::vector<PageFamily> families;

 private:
  std::string TakeHelp(std::string_view rest) {
    const size_t space = rest.find(' ');
    if (space == rest.npos) return "no help";
    PageFamily family = {.name = std::string(rest.substr(0, space)),
                         .help = std::string(rest.substr(space + 1))};
    if (!IsName(family.name)) return "not a name";
    if (!names_.insert(family.name).second) return "the family is there twice";
    families.push_back(std::move(family));
    return "";
  }

  std::string TakeType(std::string_view rest) {
    static const std::set<std::string_view> kTypes = {
        "counter", "gauge", "histogram", "summary", "untyped"};
    const size_t space = rest.find(' ');
    if (families.empty() || rest.substr(0, space) != families.back().name) {
      return "a type of another family";
    }
    if (!families.back().type.empty()) return "a second type";
    families.back().type = rest.substr(space + 1);
    return kTypes.contains(families.back().type) ? "" : "no such type";
  }

  std::string TakeSample(std::string_view line) {
    const size_t space = line.rfind(' ');
    if (space == line.npos) return "no value";
    const std::string key(line.substr(0, space));
    double value = 0;
    const std::string_view number = line.substr(space + 1);
    if (number != "+Inf" && number != "-Inf" && number != "Nan" &&
        !absl::SimpleAtod(absl::string_view(number.data(), number.size()),
                          &value)) {
      return "not a number";
    }
    if (families.empty() || families.back().type.empty()) return "no type";
    PageFamily& family = families.back();
    const std::string name = key.substr(0, key.find('{'));
    const bool is_histogram = family.type == "histogram";
    const bool is_sum = is_histogram || family.type == "summary";
    const bool is_part = (is_histogram && name == family.name + "_bucket") ||
                         (is_sum && (name == family.name + "_sum" ||
                                     name == family.name + "_count"));
    if (name != family.name && !is_part) return "a sample of another family";
    if (!family.samples.emplace(key, value).second) return "a sample twice";
    return key.size() == name.size() ? ""
                                     : CheckLabels(key.substr(name.size()));
  }

  // {a="b",c="d"}
  static std::string CheckLabels(std::string_view text) {
    size_t at = 1;
    std::set<std::string_view> names;
    for (;;) {
      const size_t equals = text.find("=\"", at);
      if (equals == text.npos) return "a label without a value";
      const std::string_view name = text.substr(at, equals - at);
      if (!IsName(name)) return "not a label's name";
      if (!names.insert(name).second) return "a label twice";
      for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] != '\\') continue;
        ++at;
        if (at == text.size() ||
            std::string_view("\\\"n").find(text[at]) == text.npos) {
          return "an escape that there is none of";
        }
      }
      if (at >= text.size()) return "a label's value without an end";
      ++at;
      if (text.substr(at) == "}") return "";
      if (text[at++] != ',') return "what follows a label is no comma";
    }
  }

  static bool IsName(std::string_view name) {
    if (name.empty() || absl::ascii_isdigit(name[0])) return false;
    for (const char c : name) {
      if (!absl::ascii_isalnum(c) && c != '_' && c != ':') return false;
    }
    return true;
  }

  std::set<std::string> names_;
};

}  // namespace

absl::StatusOr<std::vector<PageFamily>> ReadPage(std::string_view text) {
  Reader reader;
  int number = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    ++number;
    const size_t end = rest.find('\n');
    const std::string wrong = end == rest.npos
                                  ? "no end of the line"
                                  : reader.Take(rest.substr(0, end));
    if (!wrong.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", wrong));
    }
    rest.remove_prefix(end + 1);
  }
  return std::move(reader.families);
}

}  // namespace lb::metrics
