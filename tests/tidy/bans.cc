#include <algorithm>
#include <array>
#include <cstddef>

#include "fmt/format.h"
#include "tests/tidy/rows.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

enum class Scope {
  kEverywhere,
  kNotPosix,    // lb/io/posix is what meets the system.
  kNotMeasure,  // Nor benchmarks and tests of real processes, on real time.
  kRow3,        // What nodes must compute alike.
};

struct Ban {
  std::string_view rule;
  Scope scope;
  std::vector<std::string_view> words;
  std::string_view instead;
};

const std::vector<Ban>& Bans() {
  static const auto& bans = *new std::vector<Ban>{
      {"clock",
       Scope::kNotMeasure,
       {"absl::Now", "_clock::now", "std::time", "time(nullptr)",
        "gettimeofday", "clock_gettime"},
       "take `now` as an argument, or ask Loop::Now()"},
      {"sleep",
       Scope::kNotMeasure,
       {"sleep", "usleep", "nanosleep", "sleep_for", "sleep_until",
        "absl::SleepFor"},
       "arm a Timer; in a test run the simulated loop"},
      {"random",
       Scope::kEverywhere,
       {"rand(", "srand(", "random_device", "absl::BitGen"},
       "draw from the Prng of the Environment, forked from the one seed"},
      {"thread",
       Scope::kNotMeasure,
       {"std::thread", "std::jthread", "std::async", "pthread_create"},
       "one loop thread has all state: Post() to it, or arm a Timer"},
      {"mutex",
       Scope::kNotPosix,
       {"absl::Mutex", "std::mutex", "std::shared_mutex",
        "std::condition_variable", "absl::CondVar"},
       "one loop thread has all state: Post() to it"},
      {"hash",
       Scope::kRow3,
       {"flat_hash_map", "flat_hash_set", "node_hash_map", "node_hash_set",
        "unordered_map", "unordered_set", "std::hash", "absl::Hash"},
       "use absl::btree_map or btree_set: no order that a peer can see may "
       "depend on a hash"},
      {"throw",
       Scope::kEverywhere,
       {"throw"},
       "return an absl::Status; LB_CHECK for our own invariants"},
      {"output",
       Scope::kEverywhere,
       {"std::cout", "std::cerr", "std::clog"},
       "programs use fmt::print; libraries put events into the EventLog"},
  };
  return bans;
}

bool MeetsRealTime(const SourceFile& file) {
  return file.IsBelow("tests/netns") || file.IsBelow("tests/interop") ||
         file.IsBelow("tests/kubernetes") ||
         file.path.ends_with("_benchmark.cc") ||
         file.path == "daemon/testing/charging_loop.h";  // For benchmarks.
}

bool Applies(Scope scope, const SourceFile& file) {
  switch (scope) {
    case Scope::kEverywhere:
      return true;
    case Scope::kNotPosix:
      return !file.IsBelow("lb/io/posix");
    case Scope::kNotMeasure:
      return !file.IsBelow("lb/io/posix") && !MeetsRealTime(file);
    case Scope::kRow3:
      return RowOf(file.path) == 3;
  }
  return true;
}

// Does `word` occur in `code`, not as a part of a longer one?
bool HasWord(std::string_view code, std::string_view word) {
  for (size_t at = code.find(word); at != code.npos;
       at = code.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsNamePart(code[at - 1]) || word[0] == '_';
    const bool ends = end >= code.size() || !IsNamePart(code[end]) ||
                      !IsNamePart(word.back());
    if (begins && ends) return true;
  }
  return false;
}

// A map or set whose key is a pointer: its order is that of memory.
bool HasPointerKey(std::string_view code) {
  for (const std::string_view container :
       {"map<", "set<", "multimap<", "multiset<"}) {
    for (size_t at = code.find(container); at != code.npos;
         at = code.find(container, at + 1)) {
      const std::string_view rest = code.substr(at + container.size());
      const std::string_view key = rest.substr(0, rest.find_first_of(",<>"));
      if (Contains(key, "*")) return true;
    }
  }
  return false;
}

// Endings of a type's name that say nothing, or are short for something.
constexpr std::array<std::string_view, 6> kEmptyWords = {
    "Manager", "Helper", "Util", "Utils", "Data", "Info"};

std::string_view EmptyWordIn(std::string_view code) {
  for (const std::string_view kind : {"class ", "struct "}) {
    const size_t at = code.find(kind);
    if (at == code.npos || (at > 0 && IsNamePart(code[at - 1]))) continue;
    const std::string_view rest = code.substr(at + kind.size());
    const std::string_view name = rest.substr(0, rest.find_first_of(" ;:{<"));
    for (const std::string_view word : kEmptyWords) {
      if (name.ends_with(word)) return word;
    }
  }
  return {};
}

void CheckLine(const SourceFile& file, size_t index,
               std::vector<Finding>& findings) {
  const std::string_view code = file.code[index];
  const int line = static_cast<int>(index) + 1;
  for (const Ban& ban : Bans()) {
    if (!Applies(ban.scope, file)) continue;
    for (const std::string_view word : ban.words) {
      if (!HasWord(code, word)) continue;
      findings.push_back({ban.rule, file.path, line,
                          fmt::format("{}: {}", word, ban.instead)});
    }
  }
  if (RowOf(file.path) == 3 && HasPointerKey(code)) {
    findings.push_back({"pointer-key", file.path, line,
                        "a key that is a pointer orders by memory: key by "
                        "name or index"});
  }
  const std::string_view word = EmptyWordIn(code);
  if (!word.empty()) {
    findings.push_back(
        {"name", file.path, line,
         fmt::format("a type named ...{}: take the glossary's noun", word)});
  }
}

}  // namespace

std::vector<Finding> CheckBans(const SourceFile& file) {
  std::vector<Finding> findings;
  for (size_t i = 0; i < file.code.size(); ++i) CheckLine(file, i, findings);
  return findings;
}

}  // namespace lb::tidy
