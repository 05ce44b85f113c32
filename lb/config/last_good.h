// LastGood: what the manifests said when they were last understood, in a form
// that outlives the process.
//
// A Desired keeps the last good value of what is faulty now; after a restart
// only this is left of it. Objects are kept as their text, so that a newer lbd
// reads them with newer rules, in kLastGoodParts parts that have nothing to do
// with one another: one changed object changes one part. Pure.
//
//   part   = record*
//   record = kind:u8 key:text16 file:text16 number:u32 text:text32
//
// `kind` is 0 for an object (key: its name; number: its line), 1 for a path
// that was read to its end once, 2 for a service that was refused, 3 for a file
// with documents that are no objects (number: how many). A text is its length,
// big-endian in 16 or 32 bits, and its bytes.
#ifndef LB_CONFIG_LAST_GOOD_H_
#define LB_CONFIG_LAST_GOOD_H_

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"

namespace lb::config {

inline constexpr size_t kLastGoodParts = 32;
// Objects that do not fit are left out and counted.
inline constexpr size_t kLastGoodPartBytesMax = 1 << 20;
inline constexpr size_t kLastGoodTextBytesMax = 64 << 10;

struct LastGood {
  struct Text {
    std::string file;
    int line = 0;
    std::string text;  // Object::text
  };

  std::map<std::string, Text, std::less<>> objects;  // By Object::name.
  // As in Desired:
  std::set<std::string> read_paths;
  std::map<std::string, std::string> faulty_services;
  std::map<std::string, size_t, std::less<>> strangers;
};

struct LastGoodParts {
  std::vector<std::string> parts = std::vector<std::string>(kLastGoodParts);
  size_t left_out = 0;  // Records.
};

LastGoodParts SerializeLastGood(const Desired& desired);

// Adds the records of one part. DataLoss: it is damaged; what stands before
// the damage is added.
absl::Status ParseLastGoodPart(std::string_view part, LastGood* last_good);

// The Desired of the earlier run, as far as BuildDesired(now, ...) asks for it.
// An object whose text is in `now` too is not read again. An object that
// cannot be read any more, or is not wanted with these options, is left out.
Desired RestoreDesired(const LastGood& last_good, const Manifests& now,
                       const ManifestOptions& options);

}  // namespace lb::config

#endif  // LB_CONFIG_LAST_GOOD_H_
