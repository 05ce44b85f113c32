// A process that writes is killed at random instants: what it was told to be
// written is there afterwards, or a later value, whole.
//
// It shows what kill -9 does. Power loss, which also takes what no fsync has
// reached, cannot be made here; io/sim loses such values in its crashes.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/file_descriptor.h"
#include "lb/io/posix/file_state_store.h"
#include "lb/io/testing/temporary_folder.h"

namespace lb::io {
namespace {

constexpr int kRounds = 200;
// The two files that a ledger has in turn.
constexpr std::array<const char*, 2> kNames = {"ledger.0", "ledger.1"};
constexpr size_t kValueBytesMax = 300'000;

// Known whole from its number, and of another size than its neighbours.
std::string ValueOf(uint32_t number) {
  Prng prng(number);
  std::string value = std::to_string(number) + ' ';
  const size_t size = value.size() + prng.Uniform(kValueBytesMax);
  const char filling = static_cast<char>('a' + prng.Uniform(26));
  value.resize(size, filling);
  return value + std::to_string(number);
}

struct Told {  // Through the pipe.
  uint32_t name = 0;
  uint32_t number = 0;
};

// Writes as fast as it can, two values of a name at a time, until killed.
class Writer {
 public:
  Writer(const std::string& folder, std::array<uint32_t, 2> written, int pipe)
      : store_(FileStateStore::Create(&loop_, folder)),
        numbers_(written),
        pipe_(pipe) {}

  void Run() {
    LB_CHECK(store_.ok());
    for (uint32_t name = 0; name < kNames.size(); ++name) WriteTwo(name);
    loop_.Run();
  }

 private:
  void WriteTwo(uint32_t name) {
    Write(name, nullptr);
    Write(name, [this, name] { WriteTwo(name); });
  }

  void Write(uint32_t name, absl::AnyInvocable<void()> then) {
    const uint32_t number = ++numbers_[name];
    (*store_)->Write(
        kNames[name], ValueOf(number),
        [this, name, number, then = std::move(then)](auto status) mutable {
          LB_CHECK(status.ok());
          const Told told = {.name = name, .number = number};
          LB_CHECK(write(pipe_, &told, sizeof(told)) == sizeof(told));
          if (then) then();
        });
  }

  PosixLoop loop_;
  absl::StatusOr<std::unique_ptr<FileStateStore>> store_;
  std::array<uint32_t, 2> numbers_;
  const int pipe_;
};

class KillTest : public testing::Test {
 protected:
  // A child that writes; what it is told of comes out of `told_`.
  pid_t StartWriter() {
    std::array<int, 2> ends;
    LB_CHECK(pipe(ends.data()) == 0);
    const pid_t writer = fork();
    LB_CHECK(writer >= 0);
    if (writer == 0) {
      close(ends[0]);
      Writer(folder_, found_, ends[1]).Run();
      _exit(1);
    }
    close(ends[1]);
    told_.emplace(ends[0]);
    return writer;
  }

  // Follows what the writer is told, for a drawn time after a drawn number of
  // values.
  void FollowForAWhile() {
    for (uint64_t left = prng_.Uniform(6); left > 0; --left) Follow();
    const timespec rest =
        absl::ToTimespec(prng_.UniformDuration(absl::Milliseconds(3)));
    ppoll(nullptr, 0, &rest, nullptr);
  }

  // False: the writer is dead, and all that it was told is known.
  bool Follow() {
    Told told;
    const ssize_t size = read(told_->get(), &told, sizeof(told));
    if (size == 0) return false;
    LB_CHECK(size == sizeof(told));  // Such small writes come whole.
    acknowledged_[told.name] = told.number;
    return true;
  }

  void Kill(pid_t writer) {
    kill(writer, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    while (Follow()) {
    }
  }

  void CheckValues() {
    PosixLoop loop;
    const auto store = FileStateStore::Create(&loop, folder_);
    ASSERT_THAT(store, IsOk());
    for (uint32_t name = 0; name < kNames.size(); ++name) {
      const auto value = (*store)->Read(kNames[name]);
      if (absl::IsNotFound(value.status()) && acknowledged_[name] == 0) {
        continue;
      }
      ASSERT_THAT(value, IsOk());
      const uint32_t number = std::strtoul(value->c_str(), nullptr, 10);
      EXPECT_GE(number, acknowledged_[name]) << "an older value";
      EXPECT_TRUE(*value == ValueOf(number)) << "torn: " << number;
      found_[name] = number;
    }
  }

  bool HasUnfinishedFile() const {
    for (const char* name : kNames) {
      if (std::filesystem::exists(folder_ + "/." + name + ".new")) return true;
    }
    return false;
  }

  const TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path() + "/state";
  Prng prng_{1};
  std::optional<FileDescriptor> told_;
  std::array<uint32_t, 2> acknowledged_ = {};
  std::array<uint32_t, 2> found_ = {};
};

TEST_F(KillTest, AcknowledgedValuesSurviveKillsAtRandomInstants) {
  int amid_a_write = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    const pid_t writer = StartWriter();
    FollowForAWhile();
    Kill(writer);
    amid_a_write += HasUnfinishedFile();
    CheckValues();
    if (HasFailure()) return;
  }
  // Else the kills came at other times than those that matter.
  EXPECT_GT(amid_a_write, kRounds / 10);
  EXPECT_GT(acknowledged_[0], kRounds / 2);
  RecordProperty("kills_amid_a_write", amid_a_write);
}

}  // namespace
}  // namespace lb::io
