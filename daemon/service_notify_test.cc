#include "daemon/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A service manager: the socket that NOTIFY_SOCKET names. The loop's time is
// virtual; the datagrams are real and local, so they are there at once.
class ServiceNotifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string name = "@lbd-notify-" + std::to_string(getpid());
    sockaddr_un address = {.sun_family = AF_UNIX};
    std::memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ASSERT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                   offsetof(sockaddr_un, sun_path) + name.size()),
              0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
  }

  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
  }

  // Returns the messages to the manager since the last call.
  std::vector<std::string> Heard() {
    std::vector<std::string> texts;
    std::array<char, 256> text;
    for (ssize_t size;
         (size = recv(socket_, text.data(), text.size(), 0)) >= 0;) {
      texts.emplace_back(text.data(), size);
    }
    return texts;
  }

  int socket_ = -1;
  io::SimLoop loop_;
};

TEST_F(ServiceNotifyTest, SaysReadyAndStopping) {
  ServiceNotify notify(&loop_);
  EXPECT_THAT(Heard(), ElementsAre("READY=1"));
  loop_.RunFor(absl::Minutes(1));
  EXPECT_THAT(Heard(), IsEmpty());  // No manager watches.
  notify.Stopping();
  EXPECT_THAT(Heard(), ElementsAre("STOPPING=1"));
}

TEST_F(ServiceNotifyTest, PingsTwicePerPeriodWhileTheLoopTurns) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  ServiceNotify notify(&loop_);
  EXPECT_THAT(Heard(), ElementsAre("READY=1", "WATCHDOG=1"));
  loop_.RunFor(absl::Seconds(3));
  EXPECT_THAT(Heard(), ElementsAre("WATCHDOG=1", "WATCHDOG=1"));
}

TEST_F(ServiceNotifyTest, DoesNotPingForAnotherProcess) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getppid()).c_str(), 1);
  ServiceNotify notify(&loop_);
  loop_.RunFor(absl::Seconds(3));
  EXPECT_THAT(Heard(), ElementsAre("READY=1"));
}

TEST_F(ServiceNotifyTest, WithoutAManagerDoesNothing) {
  unsetenv("NOTIFY_SOCKET");
  ServiceNotify notify(&loop_);
  notify.Stopping();
  EXPECT_THAT(Heard(), IsEmpty());
}

}  // namespace
}  // namespace lb
