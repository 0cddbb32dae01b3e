import DenseMath
import Synchronization
import Testing

@Suite struct ThreadsTests {
  @Test(arguments: 1...5, [1, 2, 4, 8, 16]) func rangesCover(_ count: Int, granularity: Int) {
    for total in Array(0...70) + [127, 128, 1000, 50257] {
      let ranges = Threads(count).ranges(of: total, granularity: granularity)
      #expect(ranges.flatMap { Array($0) } == Array(0..<total))
      #expect(ranges.allSatisfy { !$0.isEmpty })
      #expect(ranges.count == min(count, (total + granularity - 1) / granularity))
      #expect(ranges.dropLast().allSatisfy { $0.count % granularity == 0 })
      let units = ranges.map { ($0.count + granularity - 1) / granularity }
      #expect((units.max() ?? 0) - (units.min() ?? 0) <= 1)
    }
  }

  @Test(arguments: [-3, 0, 1]) func atLeastOneThread(_ count: Int) {
    #expect(Threads(count).count == 1)
    #expect(Threads.available.count >= 1)
  }

  @Test(arguments: 1...4, [-1, 0, 1, 2, 3, 7, 1000]) func everyTaskRunsOnce(_ count: Int, tasks: Int) {
    let threads = Threads(count)
    let seen = Mutex<[Int]>([])
    let workers = Mutex<Set<Int>>([])
    threads.run(tasks) { task, worker in
      seen.withLock { $0.append(task) }
      workers.withLock { _ = $0.insert(worker) }
    }
    #expect(seen.withLock { $0.sorted() } == Array(0..<max(0, tasks)))
    #expect(workers.withLock { $0.allSatisfy { $0 >= 0 && $0 < count } })
  }

  /// No two tasks that run at once have the same worker, so scratch memory by worker is safe.
  @Test(arguments: 2...4) func workersAreApart(_ count: Int) {
    let busy = Mutex<Set<Int>>([])
    let clashes = Mutex(0)
    Threads(count).run(200) { task, worker in
      let isNew = busy.withLock { $0.insert(worker).inserted }
      if !isNew { clashes.withLock { $0 += 1 } }
      var sum = 0.0
      for step in 1...2000 { sum += 1 / Double(step + task) }
      #expect(sum > 0)
      busy.withLock { _ = $0.remove(worker) }
    }
    #expect(clashes.withLock { $0 } == 0)
  }

  /// With one thread tasks run in order on the caller.
  @Test func oneThreadGoesInOrder() {
    let seen = Mutex<[Int]>([])
    Threads(1).run(50) { task, worker in
      #expect(worker == 0)
      seen.withLock { $0.append(task) }
    }
    #expect(seen.withLock { $0 } == Array(0..<50))
  }
}
