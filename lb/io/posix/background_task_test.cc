// Work goes on beside the loop, and its end comes on the loop.
#include "lb/io/posix/background_task.h"

#include <memory>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::io {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);

TEST(BackgroundTaskTest, TheLoopRunsMeanwhile) {
  PosixLoop loop;
  BackgroundTask task(&loop);
  absl::Notification loop_ran;
  std::thread::id worker;
  bool done = false;
  task.Start(
      [&] {
        worker = std::this_thread::get_id();
        loop_ran.WaitForNotification();
      },
      [&] {
        EXPECT_FALSE(task.busy());
        done = true;
      });
  EXPECT_TRUE(task.busy());
  loop.Post([&] { loop_ran.Notify(); });
  EXPECT_TRUE(loop.RunUntil([&] { return done; }, kLimit));
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(BackgroundTaskTest, OneAfterAnother) {
  PosixLoop loop;
  BackgroundTask task(&loop);
  int done = 0;
  task.Start([] {},
             [&] {
               ++done;
               task.Start([] {}, [&] { ++done; });
             });
  EXPECT_TRUE(loop.RunUntil([&] { return done == 2; }, kLimit));
}

TEST(BackgroundTaskTest, WhatItHeldIsFreedOnTheOtherThread) {
  PosixLoop loop;
  BackgroundTask task(&loop);
  std::thread::id freed_on;
  auto held = std::shared_ptr<int>(new int, [&](int* number) {
    freed_on = std::this_thread::get_id();
    delete number;
  });
  bool done = false;
  task.Start([held = std::move(held)] {}, [&] { done = true; });
  EXPECT_TRUE(loop.RunUntil([&] { return done; }, kLimit));
  EXPECT_NE(freed_on, std::thread::id());
  EXPECT_NE(freed_on, std::this_thread::get_id());
}

TEST(BackgroundTaskTest, NothingComesAfterItsEnd) {
  PosixLoop loop;
  bool worked = false;
  bool done = false;
  {
    BackgroundTask task(&loop);
    task.Start([&] { worked = true; }, [&] { done = true; });
  }
  EXPECT_TRUE(worked);
  bool later = false;
  loop.Post([&] { later = true; });
  EXPECT_TRUE(loop.RunUntil([&] { return later; }, kLimit));
  EXPECT_FALSE(done);
}

}  // namespace
}  // namespace lb::io
