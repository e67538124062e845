using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's equality and hash of scalars and flat tuples: 1, 1.0 and True are one key.</summary>
internal sealed class KeyComparer : IEqualityComparer<Value>
{
    public static readonly KeyComparer Instance = new();

    public bool Equals(Value? x, Value? y)
    {
        if (x is TextValue left && y is TextValue right)
        {
            return string.Equals(left.Text, right.Text, StringComparison.Ordinal);
        }

        if (x is ListValue first && y is ListValue second)
        {
            return first.Kind == second.Kind && first.Items.SequenceEqual(second.Items, this);
        }

        if (Numbers.Of(x) is { } a && Numbers.Of(y) is { } b)
        {
            return Numbers.Compare(a, b) == 0;
        }

        return ReferenceEquals(x, y);
    }

    public int GetHashCode(Value obj)
    {
        switch (obj)
        {
            case TextValue text:
                return string.GetHashCode(text.Text, StringComparison.Ordinal);
            case ListValue list:
                var hash = default(HashCode);
                foreach (var item in list.Items)
                {
                    hash.Add(GetHashCode(item));
                }

                return hash.ToHashCode();
            default:
                return Numbers.Of(obj) switch
                {
                    IntegerValue integer => integer.Number.GetHashCode(),
                    FloatValue { Number: var number } when Math.Floor(number) == number && double.IsFinite(number) => new BigInteger(number).GetHashCode(),
                    FloatValue { Number: var number } => number.GetHashCode(),
                    _ => 0,
                };
        }
    }
}
