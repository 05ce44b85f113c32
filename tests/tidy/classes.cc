#include "tests/tidy/classes.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "fmt/format.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

constexpr std::string_view kExceptionsPath = "tests/tidy/exceptions.h";

// Ctags gives each unnamed namespace a name, "__anon" and digits.
std::string WithoutUnnamed(std::string_view name) {
  std::string shown;
  while (!name.empty()) {
    const size_t end = std::min(name.find("::"), name.size());
    const std::string_view part = name.substr(0, end);
    if (!part.starts_with("__anon")) {
      shown += fmt::format("{}{}", shown.empty() ? "" : "::", part);
    }
    name.remove_prefix(std::min(end + 2, name.size()));
  }
  return shown.empty() ? "unnamed" : shown;
}

// Two programs may each have a class of one name.
using NameAndPath = std::pair<std::string, std::string>;

class Meter {
 public:
  void Declare(const Tag& tag) {
    ClassSize& size = sizes_[{tag.FullName(), tag.path}];
    if (size.lines == 0) {
      size.name = WithoutUnnamed(tag.FullName());
      size.path = tag.path;
      size.line = tag.first_line;
    }
    size.lines += tag.LineCount();
    declarations_[tag.FullName()].push_back(&tag);
  }

  // A field, or a member, which may be defined outside of its class.
  void AddMember(const Tag& tag) {
    const auto declared = declarations_.find(tag.scope);
    if (declared == declarations_.end()) return;
    ClassSize& size = sizes_.at({tag.scope, PathFor(tag, declared->second)});
    if (!IsWithin(tag, declared->second)) {
      size.lines += tag.LineCount();
    } else if (tag.kind == "member" && !tag.is_static) {
      ++size.fields;
    }
  }

  std::vector<ClassSize> Sizes() const {
    std::vector<ClassSize> sizes;
    for (const auto& [key, size] : sizes_) sizes.push_back(size);
    return sizes;
  }

 private:
  using Declarations = std::vector<const Tag*>;

  // That of the same file, else the first.
  static std::string PathFor(const Tag& tag, const Declarations& declared) {
    for (const Tag* declaration : declared) {
      if (declaration->path == tag.path) return tag.path;
    }
    return declared.front()->path;
  }

  static bool IsWithin(const Tag& tag, const Declarations& declared) {
    return std::any_of(declared.begin(), declared.end(),
                       [&](const Tag* declaration) {
                         return declaration->path == tag.path &&
                                declaration->first_line <= tag.first_line &&
                                tag.last_line <= declaration->last_line;
                       });
  }

  std::map<NameAndPath, ClassSize> sizes_;
  std::map<std::string, Declarations> declarations_;
};

Finding Stale(std::string message) {
  return {"class-exception", std::string(kExceptionsPath), 0,
          std::move(message)};
}

struct Limit {
  std::string_view unit;
  int max;
};

// One measure of a class, against its limit and what its exception allows.
void Compare(const ClassSize& size, int measured, int excepted,
             const Limit& limit, std::vector<Finding>& findings) {
  const int allowed = std::max(limit.max, excepted);
  if (measured > allowed) {
    findings.push_back({"class-size", size.path, size.line,
                        fmt::format("{} has {} {} over all its files, want {} "
                                    "at most: give a part a class of its own",
                                    size.name, measured, limit.unit, allowed)});
  } else if (excepted > 0 && measured < excepted) {
    findings.push_back(Stale(fmt::format(
        "{} may have {} {} and has {}: write {}", size.name, excepted,
        limit.unit, measured, measured > limit.max ? measured : 0)));
  }
}

}  // namespace

std::vector<ClassSize> MeasureClasses(const std::vector<Tag>& tags) {
  Meter meter;
  for (const Tag& tag : tags) {
    if (tag.IsClass()) meter.Declare(tag);
  }
  for (const Tag& tag : tags) {
    if (!tag.IsClass()) meter.AddMember(tag);
  }
  return meter.Sizes();
}

std::vector<Finding> CheckClasses(const std::vector<ClassSize>& classes,
                                  const std::vector<LargeClass>& exceptions) {
  std::vector<Finding> findings;
  std::map<std::string_view, LargeClass> left;
  for (const LargeClass& large : exceptions) {
    if (large.lines == 0 && large.fields == 0) {
      findings.push_back(Stale(fmt::format(
          "{} is within the limits: delete its entry", large.name)));
    }
    left.emplace(large.name, large);
  }
  for (const ClassSize& size : classes) {
    LargeClass excepted;
    if (const auto found = left.find(size.name); found != left.end()) {
      excepted = found->second;
      left.erase(found);
    }
    Compare(size, size.lines, excepted.lines, {"lines", kClassLinesMax},
            findings);
    Compare(size, size.fields, excepted.fields, {"fields", kClassFieldsMax},
            findings);
  }
  for (const auto& [name, large] : left) {
    findings.push_back(
        Stale(fmt::format("there is no class {}: delete its entry", name)));
  }
  return findings;
}

}  // namespace lb::tidy
