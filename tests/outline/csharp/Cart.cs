using System.Collections.Generic;

namespace Shop.Carts
{
    /// <summary>Holds lines.</summary>
    [Serializable]
    public sealed class Cart<TItem> : IEnumerable<TItem>, IDisposable
        where TItem : class, IPriced
    {
        private readonly List<TItem> _items = new();
        public const int Limit = 50;
        public event EventHandler<CartChanged>? Changed;

        public Cart() : this(capacity: 4) { }

        public Cart(int capacity)
        {
            _items = new List<TItem>(capacity);
        }

        public decimal Total
        {
            get
            {
                decimal Sum() => _items.Sum(item => item.Price);
                return Sum();
            }
        }

        public bool IsEmpty => _items.Count == 0;
        public string? Note { get; init; }
        public TItem this[int index] => _items[index];

        [Obsolete("use AddAsync")]
        public void Add(TItem item) => _items.Add(item);

        public async Task<bool> AddAsync(TItem item, CancellationToken token = default)
        {
            await Task.Yield();
            Add(item);
            Changed?.Invoke(this, new CartChanged());
            return true;
        }

        IEnumerator<TItem> IEnumerable<TItem>.GetEnumerator() => _items.GetEnumerator();
        public static bool operator ==(Cart<TItem> a, Cart<TItem> b) => ReferenceEquals(a, b);
        public void Dispose() { }
        ~Cart() { }

        private enum State { Open, Paid = 2 }
    }

    public interface IPriced { decimal Price { get; } void Reprice(decimal factor); }
    public readonly record struct Money(decimal Amount, string Currency);
    public delegate void Priced(IPriced item);
    internal static class Extensions
    {
        public static int Twice(this int value) => 2 * value;
    }
}
