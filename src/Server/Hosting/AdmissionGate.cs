using InferenceServer.Server.Access;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// Counts generations under way, from before their request is validated until their last byte, and refuses more than the
/// engine could run and queue. So a flood costs a body and a 429 each, no parsing and no tokenizing. Any thread.
/// </summary>
/// <param name="capacity">Generations at most.</param>
internal sealed class AdmissionGate(int capacity)
{
    private int _numTaken;

    /// <summary>Generations at most.</summary>
    public int Capacity => capacity;

    /// <summary>Generations under way.</summary>
    public int NumTaken => Volatile.Read(ref _numTaken);

    /// <summary>A permit for one generation, to be disposed of at its end; null when full.</summary>
    public Permit? TryEnter() => TryTake(1) ? new Permit(this, 1) : null;

    private bool TryTake(int count)
    {
        var taken = Volatile.Read(ref _numTaken);
        while (count <= capacity - taken)
        {
            var before = Interlocked.CompareExchange(ref _numTaken, taken + count, taken);
            if (before == taken)
            {
                return true;
            }

            taken = before;
        }

        return false;
    }

    /// <summary>The right to run some generations of one request. One thread at a time.</summary>
    internal sealed class Permit(AdmissionGate gate, int count) : IDisposable
    {
        private int _count = count;
        private Permit? _own;

        /// <summary>Whose request it is; null if nobody said.</summary>
        public ClientAccount? Client { get; private set; }

        /// <summary>Generations of one request at most.</summary>
        public int Capacity => Math.Min(gate.Capacity, Client?.Concurrency ?? int.MaxValue);

        /// <summary>Takes a place of the client's own, too, to be given back with this one; false if it has none left.</summary>
        public bool TryBelongTo(ClientAccount client)
        {
            _own = client.TryEnter();
            Client = client;
            return _own is not null;
        }

        /// <summary>The same right in other hands, for work that goes on when its request is over; nothing is left of this one.</summary>
        public Permit Detach() => new(gate, Interlocked.Exchange(ref _count, 0)) { Client = Client, _own = _own?.Detach() };

        /// <summary>Widens the permit, for a request that wants several answers; false when there is no room.</summary>
        /// <param name="count">Generations in all.</param>
        public bool TryGrowTo(int count)
        {
            if (count > _count)
            {
                // What only half succeeds is given back with the rest: a request that cannot grow is refused.
                if (_own?.TryGrowTo(count) == false || !gate.TryTake(count - _count))
                {
                    return false;
                }

                _count = count;
            }

            return true;
        }

        /// <summary>Gives the places back; further calls do nothing.</summary>
        public void Dispose()
        {
            Interlocked.Add(ref gate._numTaken, -Interlocked.Exchange(ref _count, 0));
            _own?.Dispose();
        }
    }
}
