namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>Bytes that no edge of an automaton tells apart share a class, so a state's table has some tens of places instead of 256.</summary>
internal static class ByteClasses
{
    /// <summary>The class of every byte, and a byte of every class.</summary>
    public static (byte[] ClassOf, byte[] ByteOf) Find(AutomatonGraph graph)
    {
        var begins = new bool[257];
        begins[0] = true;
        for (var state = 0; state < graph.NumStates; state++)
        {
            foreach (var edge in graph.EdgesOf(state))
            {
                if (edge.Kind == EdgeKind.Bytes)
                {
                    begins[edge.Low] = true;
                    begins[edge.High + 1] = true;
                }
            }
        }

        var classOf = new byte[256];
        var byteOf = new List<byte>();
        for (var value = 0; value < 256; value++)
        {
            if (begins[value])
            {
                byteOf.Add((byte)value);
            }

            classOf[value] = (byte)(byteOf.Count - 1);
        }

        return (classOf, [.. byteOf]);
    }
}
